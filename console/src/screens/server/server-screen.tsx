import { Page } from '../../shell/page.tsx'

export default function ServerScreen() {
  return <Page title="ServerScreen">{null}</Page>
}
