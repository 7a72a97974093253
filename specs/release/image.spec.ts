// Images as `npm run build` writes them, where upstream's imager has nothing to compare with.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { assetFindings, typeFindings } from './image.ts'

test(
  ...must(
    'OCI-032',
    'an image of ours is written as `npx talos-image build` writes it: `rootfs.type` is layers; the asset image is one layer, Go’s tar of folders and then of files, and a configuration of the declared labels alone (times are free)',
    {
      targets: ['release'],
      needs: ['OCI-006', 'OCI-009', 'OCI-020', 'OCI-030', 'OCI-031', 'INS-011', 'AST-001', 'AST-008'],
      pinned: true,
      fix: 'push what npx talos-image build wrote, as it is',
    },
  ),
  async ({ image, part, contract, lock, variantName, judge }) => {
    const document = await image.config()
    const layers = await Promise.all(image.layers.map((layer) => layer.read()))
    const facts = { document, layers, contract, lock, variant: variantName }
    judge(part === 'assets' ? assetFindings(facts) : typeFindings(document), image.where).toEqual([])
  },
)
