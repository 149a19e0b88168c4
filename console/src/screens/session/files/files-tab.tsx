/** Stands in until the tab is merged. */
export default function FilesTab({ sessionId }: { sessionId: string }) {
  return <p className="p-4">{sessionId}</p>
}
