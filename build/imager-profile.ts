// The same image as a profile for upstream's own imager, for an ISO or a raw disk, or where it is preferred:
// siderolabs/talos pkg/imager/profile/{profile,input,output}.go (fields that every minor from 1.11 on has).
import type { Contract } from '#specs/contract/contract.ts'
import type { Plan } from './plan.ts'
import { encodeYamlScalar } from './formats/yaml-scalar.ts'
import { encodeOption } from './overlay.ts'
import { UPSTREAM_FILES, type PinnedImage } from './upstream/upstream.ts'

/** The folder of the files in the imager's container (pkg/machinery/constants). */
const INSTALL_FOLDER = '/usr/install/arm64'
const INPUTS = { kernel: 'kernel', initramfs: 'baseInitramfs', sdStub: 'systemdStub', sdBoot: 'systemdBoot' } as const

/** A profile for `imager -`, as YAML; every image by digest. `kind` is what is to be made. */
export function encodeImagerProfile(
  plan: Pick<Plan, 'talos' | 'installerBase' | 'extensions' | 'overlay'>,
  contract: Pick<Contract, 'secureBoot' | 'extraKernelArguments'>,
  kind = 'installer',
): string {
  const files = Object.entries(INPUTS).flatMap(([input, file]) => [
    `  ${input}:`,
    `    path: ${INSTALL_FOLDER}/${UPSTREAM_FILES[file]}`,
  ])
  const args = contract.extraKernelArguments.map((argument) => `    - ${encodeYamlScalar(argument, 6)}`)
  const extensions = plan.extensions.map((pinned) => `    - imageRef: ${pin(pinned)}`)
  return [
    'arch: arm64',
    'platform: metal',
    `secureboot: ${contract.secureBoot}`,
    `version: ${plan.talos}`,
    ...(args.length === 0 ? ['customization: {}'] : ['customization:', '  extraKernelArgs:', ...args]),
    'input:',
    ...files,
    '  baseInstaller:',
    `    imageRef: ${pin(plan.installerBase)}`,
    ...(plan.overlay === undefined ? [] : ['  overlayInstaller:', `    imageRef: ${pin(plan.overlay.pinned)}`]),
    ...(extensions.length === 0 ? [] : ['  systemExtensions:', ...extensions]),
    ...encodeOverlay(plan.overlay),
    'output:',
    `  kind: ${kind}`,
    '  outFormat: raw',
    '',
  ].join('\n')
}

function encodeOverlay(overlay: Plan['overlay']): readonly string[] {
  if (overlay === undefined) return []
  const options = Object.entries(overlay.options)
  return [
    'overlay:',
    `  name: ${encodeYamlScalar(overlay.pinned.name, 4)}`,
    '  image:',
    `    imageRef: ${pin(overlay.pinned)}`,
    ...(options.length === 0 ? [] : ['  options:']),
    ...options.map(([name, value]) => `    ${encodeYamlScalar(name, 6)}: ${encodeOption(value, 6)}`),
  ]
}

function pin({ reference, digest }: PinnedImage): string {
  return encodeYamlScalar(reference.includes('@') ? reference : `${reference}@${digest}`, 6)
}
