// The output of `npm run build`.
import { dirname } from 'node:path'
import type { Built } from '#build/assemble.ts'
import type { Plan } from '#build/plan.ts'
import { printable } from '../judge/verdict/printable.ts'
import { formatSize } from '../judge/outputs/size.ts'
import type { PartSize } from './parts.ts'

export function renderPlan(plan: Plan, parts: readonly PartSize[], from: string): string {
  const total = parts.reduce((sum, { size }) => sum + size, 0)
  return lines(
    `${plan.variant}: Talos ${plan.talos}, from ${from}`,
    ...parts.map(({ name, digest, size }) => `  ${name.padEnd(34)} ${formatSize(size).padStart(10)}  ${digest}`),
    `  ${'in all'.padEnd(34)} ${formatSize(total).padStart(10)}`,
    `  command line  ${plan.commandLine}`,
    `  makes         ${plan.tags.installer}, ${plan.tags.assets}`,
  )
}

export function renderBuilt(plan: Plan, built: Built): string {
  const image = (tag: string, { manifest, size }: Built['installer']) =>
    `  ${tag.padEnd(18)} ${manifest.digest}  ${formatSize(size).padStart(10)}`
  return lines(
    `${plan.variant}: ${printable(built.output)}`,
    image(plan.tags.installer, built.installer),
    image(plan.tags.assets, built.assets),
    `  initramfs ${formatSize(built.sizes.initramfs)}, UKI ${formatSize(built.sizes.uki)}`,
  )
}

/** The options that the judge needs beside the images. */
export type JudgeOptions = {
  readonly contract?: string | undefined
  readonly lock?: string | undefined
  readonly reference?: string | undefined
}

/** The commands to run next. */
export function renderNext(
  built: readonly (readonly [Plan, Built])[],
  { contract, lock, reference }: JudgeOptions,
): string {
  const references = built.map(([plan, { output }]) => `oci:${output}:${plan.tags.installer}`)
  const [first] = built
  const folder = first === undefined ? '' : dirname(first[1].output)
  const inputs = `${contract === undefined ? '' : ` --contract ${contract}`}${lock === undefined ? '' : ` --lock ${lock}`}`
  const compared = reference === undefined ? '' : ` --reference ${reference}`
  return lines(
    'next:',
    `  npm test -- ${references.join(' ')}${inputs}${compared}`,
    `  npm run publish -- ${folder} REGISTRY/NAMESPACE${inputs}${compared}`,
  )
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}
