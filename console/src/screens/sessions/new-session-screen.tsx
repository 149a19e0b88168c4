import { Page } from '../../shell/page.tsx'

export default function NewSessionScreen() {
  return <Page title="NewSessionScreen">{null}</Page>
}
