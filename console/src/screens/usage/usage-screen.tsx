import { Page } from '../../shell/page.tsx'

export default function UsageScreen() {
  return <Page title="UsageScreen">{null}</Page>
}
