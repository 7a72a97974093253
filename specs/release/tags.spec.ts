// The tags under which a release is published: https://github.com/cozystack/boot-to-talos pulls without a platform and
// takes linux/amd64 from an index, so that a version tag must name the image itself.
import type { Descriptor } from '#harness/oci/image/schemas.ts'
import { isManifest } from '#harness/oci/image/media-types.ts'
import { isRepositoryOf, repositoriesOf, variantOf } from '../contract/repositories.ts'
import { releaseTags } from '../contract/tags.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must(
    'REL-004',
    'the version tag names a plain linux/arm64 manifest, the same digest as its immutable tag `<version>-<8 hex digits of lock and contract>`',
    {
      targets: ['registry'],
      needs: ['OCI-001'],
      pinned: true,
      fix: 'let npx talos-image publish set both tags, from the lock and the contract that are judged here; a version tag that names other bytes stays: publish under the next version',
    },
  ),
  async ({ image, part, contract, lock, pinned, evidence, judge }) => {
    const { root, where } = image
    const tags = releaseTags(part, { ...lock, schema: 2, talos: pinned('talos') }, contract)
    const [version, immutableTag] = await Promise.all([evidence.tag(tags.version), evidence.tag(tags.immutableTag)])
    const expected = root.descriptor.digest
    const digestOf = (found: Descriptor | undefined): string => found?.digest ?? 'no such tag'
    judge({ [tags.version]: digestOf(version), [tags.immutableTag]: digestOf(immutableTag) }, where).toEqual({
      [tags.version]: expected,
      [tags.immutableTag]: expected,
    })
    judge(isManifest(root.descriptor.mediaType) ? 'a manifest' : root.descriptor.mediaType, where).toBe('a manifest')
  },
)

test(
  ...must(
    'REL-009',
    "the image is in a repository of its variant: in one that the contract lists, and in none whose name is another variant's",
    {
      targets: ['registry'],
      needs: ['OCI-001'],
      fix: "push the image to its own variant's repository, or list the repository under `repositories` of the variant in the contract",
    },
  ),
  async ({ image, contract, variantName, variant, evidence, judge, note }) => {
    const { registry, repository } = evidence.repository
    if (isRepositoryOf(evidence.repository, variantName, contract)) return judge(true, image.where).toBe(true)
    const said = `${registry}/${repository}`
    const expected = `one that is or ends in ${repositoriesOf(variantName, contract).join(' or ')}`
    const other = variantOf(evidence.repository, contract)
    const got = other === undefined ? said : `${said}, which is a repository of ${other}`
    const isUnnamed = other === undefined && variant.repositories === undefined
    if (isUnnamed) note(`the name of the repository ${said} says of no variant that it is for`, image.where)
    judge(isUnnamed ? expected : got, image.where).toBe(expected)
    return undefined
  },
)
