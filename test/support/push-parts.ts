import { makePushKeys } from '../../src/forwarder/push-encryption.ts'
import type { PushParts } from '../../src/sessions/push/push.ts'
import { allScopes } from '../../src/sessions/records.ts'

/** For tests that are not about what is pushed: no push service is reached, and every caller stays. */
export const pushParts: Pick<PushParts, 'pushSender' | 'standing' | 'onPushFailed' | 'onPushKeysReplaced'> = {
  pushSender: {
    makeKeys: makePushKeys,
    push: async () => ({ refused: 'unreachable', message: 'The test has no network' }),
  },
  standing: { scopesOf: () => allScopes },
  onPushFailed() {},
  onPushKeysReplaced() {},
}

export const pushOptions = { enabled: true, allowedHosts: [], contact: 'https://example.com' }
