import type { DoorProgram } from '../../contract/doors.ts'

export const program: DoorProgram<never> = {
  answer(id: never): Promise<Response> {
    throw new Error(`no operation ${id}`)
  },
  refuse: ({ status, code, message }) => Response.json({ error: { code, message } }, { status }),
}
