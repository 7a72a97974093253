// The policy by which a node takes images: siderolabs/talos v1.13.9 pkg/machinery/config/types/security/image_verification.go
// and internal/pkg/containers/image/verify/verify.go.
import { must, should } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeDeniedImages, judgeSigners } from './images.ts'

test(
  ...must(
    'CFG-044',
    'the images of the kubelet and of the installer are not denied: else the kubelet never starts, or nothing is installed',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'put a rule for these images before the one that denies them: the first that matches counts',
    },
  ),
  async ({ findings }) => {
    findings(judgeDeniedImages).toEqual([])
  },
)

test(
  ...should(
    'CFG-045',
    'where images are verified, the image of this node is, by a signer of the contract: no rule skips it, and none takes it by another signature',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'put a rule for the repository of the install image first, with a signer of the contract (`npx talos-image patch` writes it)',
    },
  ),
  async ({ findings }) => {
    findings(judgeSigners).toEqual([])
  },
)
