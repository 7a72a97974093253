// The installer as a whole: upstream's installer-base, what imager adds to it, and nothing else (siderolabs/talos
// pkg/imager/out.go, outInstaller @ v1.11.5).
import { artifactsDiffId } from '#harness/talos/artifacts-layer.ts'
import { SYSTEMD_BOOT_PATH, UKI_PATH } from '#harness/talos/installer.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { baseLayerCount, configFindings, kindsOfLayers } from './base.ts'
import { ownLabels } from './own-labels.ts'

test(
  ...must(
    'INS-006',
    "the image is upstream's base, the artifacts layer, and an overlay's layer exactly where the contract declares one",
    {
      targets: ['installer'],
      needs: ['OCI-001', 'OCI-002', 'OCI-004'],
      fix: 'append the artifacts to installer-base as one layer, as imager does, and nothing else; name a board’s overlay in the contract (overlays)',
    },
  ),
  async ({ image, contract, lock, judge }) => {
    const count = baseLayerCount(lock?.installerBase?.diffIds ?? ['unknown'])
    const layers = await Promise.all(image.layers.map((layer) => layer.read()))
    const kinds = kindsOfLayers(
      layers.map(({ tree }) => tree),
      count,
    )
    const overlays = (contract.overlays ?? []).map(() => 'overlay')
    judge(kinds, image.where).toEqual([...Array.from({ length: count }, () => 'base'), 'artifacts', ...overlays])
  },
)

test(
  ...must('INS-010', 'the layers of its base are those of the pinned installer-base', {
    targets: ['installer'],
    needs: ['INS-003', 'INS-005', 'INS-006', 'OCI-006'],
    pinned: true,
    fix: 'build on installer-base by the digest in the lock, and change none of its files',
  }),
  async ({ image, pinned, judge }) => {
    const { diffIds } = pinned('installerBase')
    const base = image.layers.slice(0, baseLayerCount(diffIds))
    const layers = await Promise.all(base.map((layer) => layer.read()))
    judge(
      layers.map(({ diffId }) => diffId),
      image.where,
    ).toEqual(diffIds.slice(0, baseLayerCount(diffIds)))
  },
)

test(
  ...must('INS-011', "its configuration is installer-base's, but for what imager changes and the declared labels", {
    targets: ['installer'],
    needs: ['INS-003', 'OCI-003', 'OCI-007', 'OCI-009', 'OCI-030'],
    pinned: true,
    fix: 'keep user, working directory, environment and labels of installer-base: they decide how the installer runs',
  }),
  async ({ image, contract, quirks, lock, variantName, pinned, judge }) => {
    const base = pinned('installerBase')
    const findings = configFindings({
      document: await image.config(),
      base,
      labels: ownLabels({ contract, lock: { ...lock, schema: 2 }, variant: variantName }),
      rootfsTypes: ['layers', quirks.installerRootfsType],
    })
    judge(findings, image.where).toEqual([])
  },
)

test(
  ...must(
    'INS-012',
    'the artifacts layer is the tar that imager writes of the two files: of root, mode 0, no folders (times are free)',
    {
      targets: ['installer'],
      needs: ['INS-001', 'INS-002', 'INS-006', 'OCI-006', 'OCI-020'],
      fix: 'let imager or npx talos-image build write the layer; other tools add folders, owners, times and modes',
    },
  ),
  async ({ image, files, lock, judge }) => {
    const layer = image.layers[baseLayerCount(lock?.installerBase?.diffIds ?? ['unknown'])]
    const artifacts = [SYSTEMD_BOOT_PATH, UKI_PATH].map(async (path) => ({
      path,
      time: files.resolve(path)?.mtime ?? 0,
      data: await fileIn(files, path),
    }))
    const content = await layer?.read()
    judge(content?.diffId, layer?.where ?? image.where).toBe(
      await artifactsDiffId(await Promise.all(artifacts), content),
    )
  },
)
