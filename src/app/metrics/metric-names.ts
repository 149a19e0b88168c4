/** The beginning of all names. */
export const prefix = 'claude_code_api_'
