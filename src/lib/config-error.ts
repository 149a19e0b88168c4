/** Thrown for an invalid configuration; `field` names the option, such as `auth.apiKeys[0]`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly field: string
  readonly problem: string

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`${field}: ${problem}`, options)
    this.field = field
    this.problem = problem
  }
}
