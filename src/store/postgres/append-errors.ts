/** Errors of the functions that append, as SQLSTATEs. */
export const appendErrors = {
  /** The lease is another server's. */
  lost: 'CCA01',
  noSession: 'CCA02',
  noTurn: 'CCA03',
  /** The message is the attachment's id. */
  noAttachment: 'CCA04',
  /** The log of the session does not end where the write expects it to. */
  stale: 'CCA05',
  /** The session belongs to another owner. The message is its id. */
  fenced: 'CCA06',
} as const
