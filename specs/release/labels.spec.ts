// Parts that only this project puts into an image: labels
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md) and times
// (https://reproducible-builds.org/specs/source-date-epoch/).
import { LOCK_LABEL } from '../contract/contract.ts'
import { lockDigest } from '../contract/lock.ts'
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const OCI = 'org.opencontainers.image'
/** A commit, or that there is none: a build outside of any repository. */
const REVISION = /^([0-9a-f]{40}|none)$/

test(
  ...must(
    'OCI-009',
    'labels name title, description, source, revision, version, variant, base name and digest, and the digest of the lock it was built from',
    {
      targets: ['release'],
      needs: ['OCI-001'],
      pinned: true,
      fix: 'let npx talos-image build write the labels, from the contract and the lock that are judged here',
    },
  ),
  async ({ image, part, contract, variantName, lock, pinned, judge }) => {
    const labels = await image.labels()
    const { title, description, source, variant } = contract.labels
    const base = pinned('installerBase')
    const expected: Record<string, string> = {
      [`${OCI}.title`]: title,
      [`${OCI}.description`]: description,
      [`${OCI}.source`]: source,
      [`${OCI}.version`]: pinned('talos'),
      [variant]: variantName,
      [LOCK_LABEL]: lockDigest(lock ?? { schema: 2 }),
      // An asset image is built from scratch.
      ...(part === 'installer' && { [`${OCI}.base.name`]: base.reference, [`${OCI}.base.digest`]: base.digest }),
    }
    judge(Object.fromEntries(Object.keys(expected).map((key) => [key, labels.get(key)])), image.where).toEqual(expected)
    judge(labels.get(`${OCI}.revision`), image.where).toMatch(REVISION)
  },
)

test(
  ...should('OCI-010', "every time in config, history and layers is the lock's source date or zero", {
    targets: ['release'],
    needs: ['OCI-001', 'OCI-002', 'OCI-004'],
    pinned: true,
    fix: 'stamp nothing with the clock: two builds of the same inputs are then the same bytes',
  }),
  async ({ image, lock, judge }) => {
    const { created, history } = await image.config()
    const layers = await Promise.all(image.layers.map((layer) => layer.read()))
    const times = [created, ...(history ?? []).map((entry) => entry.created)].filter((time) => time !== undefined)
    const seconds = [
      ...times.map((time) => Date.parse(time) / 1000),
      // The base layer is upstream's own, as it was published.
      ...layers.slice(1).flatMap(({ entries }) => entries.map(({ mtime }) => mtime)),
    ]
    const allowed = new Set([lock?.sourceDate, 0, ZERO_TIME])
    judge(
      [...new Set(seconds)].filter((time) => !allowed.has(time)),
      image.where,
    ).toEqual([])
  },
)

/** Go's zero time, 0001-01-01T00:00:00Z, which imager writes. */
const ZERO_TIME = Date.parse('0001-01-01T00:00:00Z') / 1000
