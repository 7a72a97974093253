// Rules for the signatures of images, since 1.13: siderolabs/talos pkg/machinery/config/types/security/
// image_verification.go.
import type { Check } from '../check.ts'

export const checkImageRules: Check = ({ doc, fail }) => {
  for (const rule of doc.get('rules').items) {
    const [skip, deny] = [rule.get('skip'), rule.get('deny')]
    const [keyless, publicKey] = [rule.get('keyless'), rule.get('publicKey')]
    const hasVerifier = keyless.isSet || publicKey.isSet
    if (!rule.get('image').isText) fail(rule.get('image'), 'is required')
    if (skip.isTrue && deny.isTrue) fail(rule, 'has both skip and deny')
    if ((skip.isTrue || deny.isTrue) && hasVerifier)
      fail(keyless.isSet ? keyless : publicKey, 'is not for a rule that skips or denies')
    if (!skip.isTrue && !deny.isTrue && !hasVerifier)
      fail(rule, 'has no verifier', { expected: 'keyless, publicKey, skip or deny' })
    if (keyless.isSet && publicKey.isSet) fail(publicKey, 'cannot be set beside keyless')
    if (keyless.isSet) {
      if (!keyless.get('issuer').isText) fail(keyless.get('issuer'), 'is required')
      if (!keyless.get('subject').isText && !keyless.get('subjectRegex').isText)
        fail(keyless.get('subject'), 'is required, or subjectRegex')
    }
    if (publicKey.isSet && !publicKey.get('certificate').isText) fail(publicKey.get('certificate'), 'is required')
  }
}
