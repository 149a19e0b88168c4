export default function FilesTab({ sessionId }: { sessionId: string }) {
  return sessionId
}
