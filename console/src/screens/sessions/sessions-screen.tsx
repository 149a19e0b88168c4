import { Page } from '../../shell/page.tsx'

export default function SessionsScreen() {
  return <Page title="SessionsScreen">{null}</Page>
}
