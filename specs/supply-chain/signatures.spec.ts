// Signatures by the contract's identity: https://docs.sigstore.dev/cosign/verifying/verify/,
// https://slsa.dev/spec/v1.0/provenance, https://spdx.github.io/spdx-spec/v2.3/.
import { expect } from 'vitest'
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { isSignature } from '#harness/signing/outcome.ts'
import { inputsDigest, resourceUri } from '../contract/tags.ts'
import { findSpdx, provenances, summaries, unpassed } from './attestations.ts'
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

// No must: the verdict on an image is the one that is being made, whatever an earlier one said. What lacks a summary is
// not wrong, it is only not admitted by a policy engine that asks for one; and images that were published by other means,
// or before there were summaries, are as right as they were.
test(
  ...should(
    'SUP-007',
    "a verification summary says that the image passed: of this repository, by the contract's builder, by this contract and lock",
    {
      targets: ['registry'],
      needs: ['OCI-002', 'SUP-008'],
      pinned: true,
      fix: 'publish with npx talos-image publish on a green verdict by this contract and this lock: it attaches the summary',
    },
  ),
  async ({ image, contract, lock, pinned, evidence, judge }) => {
    pinned('talos')
    const outcomes = await evidence.outcomes()
    const found = summaries(outcomes)
    if (found.length === 0) throwUnknown(outcomes)
    const { registry, repository } = evidence.repository
    judge(found, image.where).toContainEqual({
      verifier: contract.signing.builder,
      resource: resourceUri(`${registry}/${repository}`),
      policy: lock && inputsDigest(lock, contract),
      result: 'PASSED',
    })
  },
)

// All of them count, not the newest: when it was verified is the word of who signed, and one that is signed by a key has
// no other time. So does one by another contract or of another repository: the bytes are the same.
test(
  ...must('SUP-008', 'every verification summary by a trusted signer says, readable by all, that the image passed', {
    targets: ['registry'],
    needs: ['OCI-002'],
    fix: 'use another image: this one was published in spite of its verdict (--force), and its signer says so, or says it so that readers differ; delete the attestation that is named only where what it says was mended since',
  }),
  async ({ image, evidence, judge }) => {
    const outcomes = await evidence.outcomes()
    throwUnasked(outcomes)
    judge(unpassed(outcomes), image.where).toEqual([])
  },
)
