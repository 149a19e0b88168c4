import { isApiError } from '../../client/index.ts'

/** Each time one of the changes that were made at once is stored: enough for 20, and some that come meanwhile. */
const attempts = 32

/** Makes an unconditional change of a preset's newest version; again, if another change came between. */
export async function atNewest<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change()
    } catch (error) {
      if (attempt === attempts || !isApiError(error, 'PRESET_VERSION_CONFLICT')) throw error
    }
  }
}
