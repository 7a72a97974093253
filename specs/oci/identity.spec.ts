// The image that the reference names: https://github.com/opencontainers/image-spec/blob/v1.1.1/{image-index,config}.md.
import { expect } from 'vitest'
import { renderPlatform } from '#harness/oci/image/selection.ts'
import { architectureOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const ARM64 = /^linux\/arm64(?:\/v8)?$/

test(
  ...must(
    'OCI-001',
    'the reference names one image: a plain manifest, or an index with exactly one linux/arm64 child, which is there (`unknown/unknown` attestations do not count)',
    {
      targets: ['image'],
      fix: 'publish a plain manifest, or an index with one child for linux/arm64, and the child with it',
    },
  ),
  async ({ image, judge }) => {
    if (image.root.kind === 'manifest') {
      judge(image.root.kind, image.where).toBe('manifest')
      // An index.json may give the manifest a platform, which containerd goes by.
      const { platform } = image.root.descriptor
      return judge(platform && renderPlatform({ platform }), image.where).toEqual(
        platform && expect.stringMatching(ARM64),
      )
    }
    const platforms = image.candidates.length === 1 ? image.candidates : image.children
    judge(platforms.map(renderPlatform), image.where).toEqual([expect.stringMatching(ARM64)])
    // A registry may have lost the child that its index names: nothing below it can be judged.
    await image.manifest()
    return undefined
  },
)

test(
  ...must('OCI-003', 'the config declares os linux and architecture arm64 (variant absent or v8)', {
    targets: ['image'],
    needs: ['OCI-001'],
    fix: 'set `arch: arm64` in the profile: the manifest of a single image has no architecture, its config has',
  }),
  async ({ image, contract, judge }) => {
    const { os, architecture, variant } = await image.config()
    judge({ os, architecture, variant: variant || 'v8' }, image.where).toEqual({
      os: 'linux',
      architecture: architectureOf(contract),
      variant: 'v8',
    })
  },
)

test(
  ...must(
    'OCI-008',
    'every other child of the index declares the platform that its own config declares (v8 counts as none)',
    {
      targets: ['image'],
      needs: ['OCI-001'],
      fix: 'rebuild the index from the images: machines pull by the platform of the index and run what they get',
    },
  ),
  async ({ image, judge }) => {
    const children = await image.childPlatforms()
    judge(
      children.map(({ descriptor, declared }) => `${descriptor.digest} ${renderPlatform({ platform: declared })}`),
      image.where,
    ).toEqual(
      children.map(({ descriptor, configured }) => `${descriptor.digest} ${renderPlatform({ platform: configured })}`),
    )
  },
)
