// What an image publishes: whoever can pull it, or download its medium, reads all that is in it.
import { orAbsent } from '#harness/errors.ts'
import { parseCmdline } from '#harness/formats/uki/cmdline.ts'
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { openLayers } from '../layers.ts'
import { configurationFindings, embeddedFiles } from './embedded-configuration.ts'
import { schematicIn, schematicOf } from './schematic.ts'
import { argumentFindings, partitionFindings, schematicFindings, serviceFindings } from './secrets.ts'

test(
  ...must(
    'EXT-029',
    'no secret is in what the image publishes: a machine configuration, which Talos can read, in any layer, META values, the kernel’s command line, services of extensions, and comments in them',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005', 'EXT-022', 'UKI-013', 'MED-008'],
      fix: 'publish what every node may know (a hostname policy, a registry mirror), and give secrets with talosctl apply-config; revoke those that were in an image',
    },
  ),
  async ({ subject, extensions, commandLine, form, talos, judge }) => {
    const layers = await openLayers(extensions)
    const parameters = parseCmdline(commandLine ?? '')
    const { entry } = await schematicIn(extensions)
    // EXT-027 says of one that cannot be read what is wrong with it.
    const schematic = entry && (await orAbsent(async () => schematicOf(entry)))
    const listed = schematic?.customization.embeddedMachineConfiguration ?? ''
    const files = await embeddedFiles({ layers, listed, parameters })
    judge(
      [
        ...files.flatMap((file) => configurationFindings(file, talos)),
        ...(schematic === undefined ? [] : await schematicFindings(schematic)),
        ...(await argumentFindings(parameters, 'the command line')),
        ...(await serviceFindings(layers)),
        ...(form === 'raw' ? await partitionFindings(await (await subject.talos.medium()).disk()) : []),
      ],
      extensions.where,
    ).toEqual([])
  },
)
