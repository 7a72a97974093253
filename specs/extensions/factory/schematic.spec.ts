// Images of Image Factory: what they hold follows from their schematic (siderolabs/image-factory internal/profile and
// internal/artifacts/schematic.go).
import { FormatError } from '#harness/errors.ts'
import { schematicId, writeSchematic } from '#harness/talos/schematic/canonical.ts'
import { overlayArguments } from '../../contract/contract.ts'
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { formCommandLine } from '../../uki/forms.ts'
import { canonicalFindings, layerFindings, overlayFindings, schematicIn, schematicOf } from './schematic.ts'

test(
  ...must(
    'EXT-027',
    'an image with a schematic holds what that lists: its extensions in their order, its overlay, configuration and kernel arguments',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-022', 'UKI-005', 'INS-014', 'MED-001', 'AST-009'],
      fix: 'take the image that Image Factory gives for this schematic, or one of imager without a schematic: an upgrade by the id of the schematic brings another image',
    },
  ),
  async ({ extensions, commandLine, form, quirks, contract, judge }) => {
    const { entry, layers } = await schematicIn(extensions)
    if (entry === undefined) return judge([], extensions.where).toEqual([])
    const schematic = schematicOf(entry)
    const { extraKernelArgs: extra, meta } = schematic.customization
    const found = commandLine?.split(' ')
    if (found !== undefined && meta.length > 0 && (form === 'iso' || form === 'dir'))
      throw new FormatError('schematic', 'UNSUPPORTED', 'how META is written on a command line is not known')
    judge(
      [
        ...canonicalFindings(schematic, entry.extraInfo ?? ''),
        ...layerFindings(schematic, layers),
        ...overlayFindings(schematic, contract),
      ],
      extensions.where,
    ).toEqual([])
    const expected =
      found &&
      formCommandLine(form, found, {
        defaults: quirks.metalArm64CommandLine,
        overlay: overlayArguments(contract),
        secureBoot: contract.secureBoot ? quirks.secureBootArguments : [],
        extra,
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
