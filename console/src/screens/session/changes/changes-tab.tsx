/** Stands in until the tab is merged. */
export default function ChangesTab({ sessionId }: { sessionId: string }) {
  return <p className="p-4">{sessionId}</p>
}
