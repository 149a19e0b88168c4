/** The part of the middleware that the tests use; the package has no types of its own. */
declare module 'express-session' {
  import type { RequestHandler } from 'express'

  export default function session(options: object): RequestHandler
}
