// Talos' own labels, and the memory that unpacking an image takes: siderolabs/talos Dockerfile, pkg/imager/out.go.
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('OCI-007', 'label `alpha.talos.dev/version` and env `VERSION` are the pinned Talos tag', {
    targets: ['installer'],
    needs: ['OCI-001'],
    pinned: true,
    fix: 'build from installer-base of the pinned release and keep its config',
  }),
  async ({ image, pinned, judge }) => {
    const [labels, env] = [await image.labels(), await image.env()]
    const said = { label: labels.get(VERSION_LABEL), VERSION: env.get('VERSION') }
    judge(said, image.where).toEqual({ label: pinned('talos'), VERSION: pinned('talos') })
  },
)

test(
  ...should('OCI-011', "the unpacked image stays within the contract's size budget (Talos unpacks it in memory)", {
    targets: ['installer'],
    needs: ['OCI-001', 'OCI-002', 'OCI-004'],
    fix: 'ship the asset tree as an image of its own; raise unpackedSizeLimit in the contract if nodes have the memory',
  }),
  async ({ files, contract, judge }) => {
    const unpacked = [...files.entries()].reduce((sum, { size }) => sum + size, 0)
    judge(unpacked, files.where).toBeLessThanOrEqual(contract.unpackedSizeLimit)
  },
)
