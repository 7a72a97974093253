// The list of extensions in extensions.yaml: siderolabs/talos pkg/machinery/extensions @ v1.11.5, image-factory for
// virtual extensions.
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { admitsTalos } from '#harness/talos/extension/compatibility.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { buildOrder, carriesModules } from './layers.ts'
import { indexFindings, VIRTUAL_NAMES, virtualFindings } from './virtual.ts'

test(
  ...must('EXT-001', '`extensions.yaml` and the `.sqsh` files name each other exactly, in build order', {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-010'],
    fix: 'rebuild the image in one go: a layer beside the list is never mounted, one missing from the list stops the boot',
  }),
  async ({ extensions, judge }) => {
    const listed = (await extensions.layers()).map((layer) => layer.name)
    judge(listed, extensions.where).toEqual(buildOrder([...extensions.images.keys()]))
  },
)

test(
  ...must(
    'EXT-002',
    "the extension set is exactly the variant's, plus the virtual ones that the contract allows, with `modules.dep` if and only if one carries modules",
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-001'],
      fix: 'list exactly these in input.systemExtensions of the profile, or judge the image as the variant that it is',
    },
  ),
  async ({ extensions, layers, contract, variant, judge }) => {
    const names = (await layers()).map((layer) => layer.metadata.name)
    const virtual = contract.virtualExtensions.filter((name) => names.includes(name))
    const indexed = (await carriesModules(extensions)) ?? names.includes(MODULES_DEP)
    const index = indexed ? [MODULES_DEP] : []
    judge(names.toSorted(), extensions.where).toEqual([...variant.extensions, ...virtual, ...index].toSorted())
  },
)

test(
  ...must('EXT-003', "every pinned extension's version is the locked one", {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-001'],
    pinned: true,
    fix: 'take the extensions by the digests in the lock: the tags of the catalogue move from release to release',
  }),
  async ({ extensions, variant, pinned, judge }) => {
    const locked = new Map(pinned('extensions').map(({ name, version }) => [name, version]))
    const absent = variant.extensions.find((name) => !locked.has(name))
    if (absent !== undefined) throw new AbsentFactError(`extensions: ${absent}`)
    const own = (await extensions.layers()).filter((layer) => locked.has(layer.metadata.name))
    judge(
      own.map(({ metadata }) => `${metadata.name} ${metadata.version}`),
      extensions.where,
    ).toEqual(own.map(({ metadata }) => `${metadata.name} ${locked.get(metadata.name)}`))
  },
)

test(
  ...must('EXT-006', 'every compatibility range admits the pinned Talos version (an empty range admits all)', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-001'],
    pinned: true,
    fix: 'take the extension that was released for the pinned Talos version',
  }),
  async ({ extensions, pinned, judge }) => {
    const talos = pinned('talos')
    const refusing = (await extensions.layers()).filter(
      ({ metadata }) => !admitsTalos(metadata.compatibility.talos.version, talos, extensions.where),
    )
    judge(
      refusing.map(({ metadata }) => `${metadata.name} wants ${metadata.compatibility.talos.version}`),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'EXT-022',
    'a virtual extension is exactly what Image Factory or imager makes: a schematic its empty file, an embedded configuration the file of its version (author and description are free), the module index as imager describes it',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-002', 'EXT-005'],
      fix: 'let Image Factory or imager make it: nothing in the lock pins what a virtual extension holds',
    },
  ),
  async ({ extensions, quirks, judge }) => {
    const layers = (await extensions.layers()).filter(
      ({ metadata: { name } }) => name === MODULES_DEP || VIRTUAL_NAMES.some((virtual) => virtual === name),
    )
    const findings = await Promise.all(
      layers.map(async ({ metadata, image }) => {
        const tree = await (await image?.squashfs())?.tree()
        if (tree === undefined) return []
        return metadata.name === MODULES_DEP
          ? indexFindings({ metadata, tree })
          : virtualFindings({ metadata, tree }, quirks.embeddedConfigMode)
      }),
    )
    judge(findings.flat(), extensions.where).toEqual([])
  },
)
