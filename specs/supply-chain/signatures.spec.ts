// Signatures by the contract's identity: https://docs.sigstore.dev/cosign/verifying/verify/,
// https://slsa.dev/spec/v1.0/provenance, https://spdx.github.io/spdx-spec/v2.3/.
import { expect } from 'vitest'
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { isSignature } from '#harness/signing/verify.ts'
import { findSpdx, provenances } from './attestations.ts'
import { describeOutcome, throwUnasked, throwUnknown, validOf } from './outcomes.ts'

test(
  ...must(
    'SUP-001',
    "the image is signed by the contract's identity, over the digest under test (legacy or bundle format)",
    {
      targets: ['registry'],
      needs: ['OCI-002'],
      fix: 'sign with npx talos-image publish, by an identity or a key that the contract names under signing.signers',
    },
  ),
  async ({ image, evidence, judge }) => {
    const outcomes = await evidence.outcomes()
    const signatures = outcomes.filter(isSignature)
    if (validOf(signatures).length === 0) throwUnknown(signatures)
    judge(signatures.map(describeOutcome), image.where).toContainEqual(expect.stringMatching(/^valid: /))
  },
)

test(
  ...must('SUP-002', "SLSA provenance names this digest, the contract's builder and source commit", {
    targets: ['registry'],
    needs: ['OCI-002'],
    fix: 'publish with npx talos-image publish from a clone of the repository that labels.source names, as signing.builder',
  }),
  async ({ image, contract, evidence, judge }) => {
    const outcomes = await evidence.outcomes()
    const found = provenances(outcomes)
    if (found.length === 0) throwUnknown(outcomes)
    const { builder } = contract.signing
    const { source } = contract.labels
    judge(found, image.where).toContainEqual({
      builder,
      sources: expect.arrayContaining([{ uri: source, commit: expect.stringMatching(/^[0-9a-f]{40}$/) }]),
    })
  },
)

test(
  ...should('SUP-003', 'an SPDX document is attached to the image', {
    targets: ['registry'],
    needs: ['OCI-002'],
    fix: 'publish with npx talos-image publish, which attaches one made from the lock',
  }),
  async ({ image, evidence, judge }) => {
    const outcomes = await evidence.outcomes()
    const found = findSpdx(outcomes, await evidence.attachments())
    if (found.length === 0) throwUnasked(outcomes)
    judge(found, image.where).toContainEqual(expect.stringMatching(/^SPDX-\d+\.\d+$/))
  },
)
