/** A backup cannot be made, is damaged, or cannot be restored here; the message says why. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
