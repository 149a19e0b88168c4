/** TEMP */
export default function Markdown({ text }: { text: string }) {
  return <div className="whitespace-pre-wrap">{text}</div>
}
