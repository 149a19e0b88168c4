import { Page } from '../../shell/page.tsx'

export default function InboxScreen() {
  return <Page title="InboxScreen">{null}</Page>
}
