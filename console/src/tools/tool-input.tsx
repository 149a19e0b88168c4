/** TEMP */
export function ToolInput({ name, input }: { name: string; input: unknown }) {
  return (
    <pre className="overflow-x-auto rounded bg-sunken p-2 font-mono text-xs whitespace-pre-wrap" title={name}>
      {JSON.stringify(input, null, 2)}
    </pre>
  )
}
