// Images of Image Factory: what they hold follows from their schematic (siderolabs/image-factory internal/profile and
// internal/artifacts/schematic.go).
import { schematicId, writeSchematic } from '#harness/talos/schematic/canonical.ts'
import { overlayArguments } from '../../contract/contract.ts'
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { formCommandLine } from '../../uki/forms.ts'
import { mediumFindings, metaArguments, notJudged } from './medium.ts'
import { canonicalFindings, layerFindings, overlayFindings, schematicIn, schematicOf } from './schematic.ts'

test(
  ...must(
    'EXT-027',
    'an image with a schematic holds what that lists: its extensions in their order, by the names of the factory’s catalogue, its overlay, configuration and kernel arguments; a medium also its META, boot loader, sector size and keys to enroll',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-022', 'UKI-005', 'INS-014', 'MED-001', 'MED-007', 'MED-008', 'MED-014', 'AST-009'],
      fix: 'take the image that Image Factory gives for this schematic, or one of imager without a schematic: an upgrade by the id of the schematic brings another image',
    },
  ),
  async ({ subject, extensions, commandLine, form, quirks, contract, note, judge }) => {
    const { entry, layers } = await schematicIn(extensions)
    if (entry === undefined) return judge([], extensions.where).toEqual([])
    const schematic = schematicOf(entry)
    const { extraKernelArgs } = schematic.customization
    const found = commandLine?.split(' ')
    const { diskEnrollsKeys, isoHasGrub } = quirks
    const made = {
      form,
      secureBoot: contract.secureBoot,
      diskEnrollsKeys,
      isoHasGrub,
      medium: async () => subject.talos.medium(),
    }
    const unseen = notJudged(schematic, made)
    if (unseen.length > 0)
      note(`not judged, for this output has nothing of it: ${unseen.join(', ')} of the schematic`, extensions.where)
    judge(
      [
        ...canonicalFindings(schematic, entry.extraInfo ?? ''),
        ...layerFindings(schematic, layers, contract),
        ...overlayFindings(schematic, contract),
        ...(await mediumFindings(schematic, made)),
      ],
      extensions.where,
    ).toEqual([])
    const expected =
      found &&
      formCommandLine(form, found, {
        defaults: quirks.metalArm64CommandLine,
        overlay: overlayArguments(contract),
        secureBoot: contract.secureBoot ? quirks.secureBootArguments : [],
        extra: [...(await metaArguments(schematic, form, found)), ...extraKernelArgs],
      })
    judge(found, extensions.where).toEqual(expected)
  },
)

test(
  ...must('EXT-028', 'the image is of the schematic that was given: its id is the sha256 of that in canonical form', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-022'],
    only: { schematic: true },
    fix: 'give the schematic that the image was made from, or take the image of its id from Image Factory',
  }),
  async ({ extensions, givenSchematic, judge }) => {
    const { entry } = await schematicIn(extensions)
    // What is in canonical form already needs none of ours.
    const isIt = entry !== undefined && entry.version === givenSchematic.sha256
    const expected = isIt ? (entry.extraInfo ?? '') : writeSchematic(givenSchematic.schematic)
    judge(entry && { id: entry.version, schematic: (entry.extraInfo ?? '').split('\n') }, extensions.where).toEqual({
      id: schematicId(expected),
      schematic: expected.split('\n'),
    })
  },
)
