// The sources of an image: the catalogue and the signatures of siderolabs, as talos-image lock read and verified them
// (https://www.talos.dev/v1.11/advanced/verifying-images/).
import { matchesSigner, renderSigner } from '#harness/signing/signer.ts'
import type { Lock, PinnedSigner } from '../contract/lock.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must(
    'SUP-004',
    'every pinned extension is, tag and digest, in the catalogue of the same Talos version (a live tag that moved since is a note, not a failure)',
    {
      targets: ['release'],
      scope: 'installer',
      pinned: true,
      fix: 'run talos-image lock again: it takes every extension by the digest that the catalogue has',
    },
  ),
  async ({ pinned, judge }) => {
    const { reference, images } = pinned('catalogue')
    if (images === undefined) throw new AbsentFactError('catalogue.images')
    const at = { path: 'lock', pointer: '/catalogue' }
    judge(tagOf(reference), at).toBe(pinned('talos'))
    const catalogued = new Set(images.map(nameOf))
    const absent = pinned('extensions')
      .map((extension) => nameOf(`${extension.reference}@${extension.digest}`))
      .filter((name) => !catalogued.has(name))
    judge(absent, { path: 'lock', pointer: '/extensions' }).toEqual([])
  },
)

test(
  ...must(
    'SUP-005',
    "the lock's evidence says that the catalogue and every pinned image are signed by the upstream identity; absent and invalid are distinguished",
    {
      targets: ['release'],
      scope: 'installer',
      pinned: true,
      fix: 'run talos-image lock, which verifies every image; contract.upstream.signers says whose signature counts',
    },
  ),
  async ({ lock, pinned, contract, judge }) => {
    const images = [pinned('catalogue'), pinned('installerBase'), pinned('imager'), ...pinned('extensions')]
    const all = lock?.installer === undefined ? images : [...images, lock.installer]
    const foreign = all.filter(({ signer }) => signer !== undefined && !isUpstream(signer))
    judge(
      foreign.map(({ reference, signer }) => `${reference}: ${signer === undefined ? '' : renderSigner(signer)}`),
      { path: 'lock' },
    ).toEqual([])
    const unsigned = all.filter(({ signer }) => signer === undefined).map(({ reference }) => reference)
    if (unsigned.length > 0) throw new AbsentFactError(`who signed ${unsigned.join(', ')}`)

    function isUpstream(signer: PinnedSigner): boolean {
      return contract.upstream.signers.some((trusted) => matchesSigner(signer, trusted))
    }
  },
)

/** `drbd:9.2.14-v1.11.5@sha256:…`: a mirror has its own registry and namespace. */
function nameOf(line: string): string {
  return line.slice(line.lastIndexOf('/', line.indexOf('@')) + 1)
}

function tagOf(reference: NonNullable<Lock['catalogue']>['reference']): string {
  return reference.slice(reference.lastIndexOf(':') + 1)
}
