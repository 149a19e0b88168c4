/** A configuration that cannot be used; `field` names what is wrong, such as `auth.apiKeys[0]`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly field: string

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`${field}: ${problem}`, options)
    this.field = field
  }
}
