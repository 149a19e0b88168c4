import { createECDH } from 'node:crypto'
import { expect, test } from 'vitest'
import { encryptPush, makePushKeys } from './push-encryption.ts'

test('encrypts the example of RFC 8291 as the RFC does', () => {
  const pair = createECDH('prime256v1')
  pair.setPrivateKey('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw', 'base64url')
  const target = {
    endpoint: 'https://push.example.net/',
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  }
  const salt = Buffer.from('DGv6ra1nlYgDCS1FRnbzlw', 'base64url')
  const text = 'When I grow up, I want to be a watermelon'
  expect(encryptPush(text, target, { pair, salt }).toString('base64url')).toBe(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  )
})

test('a message that does not fit into one record is refused', () => {
  const target = { endpoint: '', p256dh: makePushKeys().publicKey, auth: 'BTBZMqHH6r4Tts7J_aSIgg' }
  expect(encryptPush('x'.repeat(3993), target)).toHaveLength(4096)
  expect(() => encryptPush('x'.repeat(3994), target)).toThrow('too long')
})

test('private keys have 32 bytes, whatever they begin with', () => {
  const lengths = new Set(
    Array.from({ length: 600 }, () => Buffer.from(makePushKeys().privateKey, 'base64url').length),
  )
  expect([...lengths]).toEqual([32])
})
