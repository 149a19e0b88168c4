/** A JSON-RPC error that belongs to no request. */
export function toErrorResponse(
  status: number,
  code: number,
  message: string,
  data?: Record<string, unknown>,
): Response {
  const error = { code, message, ...(data && { data }) }
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status })
}
