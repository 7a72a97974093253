// The summary of a written lock that `npm run lock` prints.
import { renderSigner } from '#harness/signing/signer.ts'
import type { Lock } from '#specs/contract/lock.ts'

export function renderLock(lock: Lock, path: string): string {
  const { talos, kernelRelease, kernelImage, sourceDate, extensions = [], overlays = [], reference } = lock
  const date = sourceDate === undefined ? [] : [new Date(sourceDate * 1000).toISOString().replace('.000Z', 'Z')]
  const from = kernelImage === undefined ? '' : ` of ${kernelImage.reference}`
  const kernel = kernelRelease === undefined ? [] : [`kernel ${kernelRelease}${from}`]
  return [
    path,
    `  release     ${[`Talos ${talos ?? 'of no known version'}`, ...kernel, ...date].join(', ')}`,
    `  extensions  ${extensions.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
    ...(overlays.length === 0
      ? []
      : [`  overlays    ${overlays.map((one) => `${one.name} of ${one.reference}`).join(', ')}`]),
    `  signed      ${signedBy(lock)}`,
    ...(reference === undefined ? [] : [`  reference   ${reference.reference}: ${reference.extensions.join(', ')}`]),
    '',
  ].join('\n')
}

function signedBy(lock: Lock): string {
  const { installerBase, imager, kernelImage, installer, catalogue, extensions = [], overlays = [] } = lock
  const images = [catalogue, installerBase, imager, kernelImage, installer, ...extensions, ...overlays].filter(
    (one) => one !== undefined,
  )
  const signers = images.flatMap(({ signer }) => (signer === undefined ? [] : [renderSigner(signer)]))
  const names = [...new Set(signers)].toSorted()
  const by = names.length === 0 ? '' : ` by ${names.join(' and ')}`
  return `${signers.length} of ${images.length} images${by}`
}
