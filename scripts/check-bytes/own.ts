// An image of this project, made on the spot from the embedded upstream, as the editor of counterexamples sees it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assemble } from '#build/assemble.ts'
import { planVariant } from '#build/plan.ts'
import type { CandidateImage, ImageConfigJson } from '#fixtures/counterexamples/editor/image.ts'
import { readLayer } from '#fixtures/counterexamples/editor/golden.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { openEmbeddedUpstream } from '../embedded/upstream.ts'

export type OwnImage = {
  readonly image: CandidateImage
  readonly lock: Lock
  readonly contract: Contract
  readonly variant: string
  readonly reference: string
}

type Descriptor = { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }

const REF_NAME = 'org.opencontainers.image.ref.name'

/** Makes an image of our own below `folder`. */
export async function makeOwnImage(folder: string, given: Contract, variant: string): Promise<OwnImage> {
  const { contract } = embeddedContract(given)
  const upstream = await openEmbeddedUpstream({ contract })
  try {
    const { lock } = upstream
    const output = join(folder, 'own')
    const plan = planVariant({ lock, contract, variant })
    await assemble(plan, { upstream, output })
    const reference = `oci:${output}:${plan.tags.installer}`
    return { image: await readImage(output, plan.tags.installer), lock, contract, variant, reference }
  } finally {
    await upstream.close()
  }
}

async function readImage(layout: string, tag: string): Promise<CandidateImage> {
  const blob = async (digest: string): Promise<Buffer> => readFile(join(layout, 'blobs', digest.replace(':', '/')))
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: readonly Descriptor[] }
  const entry = index.manifests.find(({ annotations }) => annotations?.[REF_NAME] === tag)
  if (entry === undefined) throw new Error(`expected ${tag} in ${layout}, got none`)
  const manifest = JSON.parse((await blob(entry.digest)).toString()) as {
    readonly config: Descriptor
    readonly layers: readonly Descriptor[]
  }
  return {
    config: JSON.parse((await blob(manifest.config.digest)).toString()) as ImageConfigJson,
    layers: await Promise.all(manifest.layers.map(async ({ digest }) => readLayer(await blob(digest)))),
  }
}
