import { Page } from '../../shell/page.tsx'

export default function SessionScreen({ sessionId }: { sessionId: string }) {
  return <Page title={sessionId}>{null}</Page>
}
