// Releases and extensions that public reports name: specs/contract/advisories.yaml says which, and where each was reported.
import type { ConfigFinding } from '../support/config-rule.ts'
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const NEEDS = ['EXT-001', 'EXT-005', 'EXT-013', 'EXT-023', 'KRN-002'] as const

test(
  ...must('REL-010', 'the image is of no release and of no extension that is known to be bad', {
    targets: ['installer', 'assets', 'media'],
    needs: NEEDS,
    fix: 'take a release without it, leave the extension out, or waive REL-010/<entry> with a reason and an end',
  }),
  async ({ advised }) => {
    ;(await advised('must')).toEqual([] satisfies ConfigFinding[])
  },
)

test(
  ...should('REL-011', 'the image is of no release and of no extension that is known to fall short', {
    targets: ['installer', 'assets', 'media'],
    needs: NEEDS,
    fix: 'look whether the effect is yours; take a release without it, or waive REL-011/<entry> with a reason and an end',
  }),
  async ({ advised }) => {
    ;(await advised('should')).toEqual([] satisfies ConfigFinding[])
  },
)
