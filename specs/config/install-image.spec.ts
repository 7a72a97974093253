// The image that a node installs: siderolabs/talos machine.install.image and, from 1.14, UnattendedInstallConfig. A
// version tag can be moved; a digest and the immutable tag with digits of lock and contract cannot.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeInstallImage } from './rules/install-image.ts'

test(
  ...must(
    'CFG-004',
    'the install image is of this variant, by immutable tag or digest or by the schematic of Image Factory, and of the gateway variant only on gateways',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'name the published image of the variant by its immutable tag (vX.Y.Z-<8 hex digits>); a digest is as good to Talos, but keeps talm from comparing versions',
    },
  ),
  async ({ findings }) => {
    findings(judgeInstallImage).toEqual([])
  },
)
