import { ActionIcon, Button, Checkbox, Chip, NumberInput, Select, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { Part } from '../../ui/Page';
import { days, type Draft, type WaveDraft } from './draft';
import classes from './Wizard.module.css';

interface Props {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

const number = (v: string | number): number => Number(v) || 0;

function Wave({ wave, n, change, remove }: { wave: WaveDraft; n: number; change: (c: Partial<WaveDraft>) => void; remove: () => void }) {
  return (
    <tr>
      <th scope="row">{n}</th>
      <td><NumberInput aria-label={`Size of wave ${n}`} min={1} max={wave.unit === 'percent' ? 100 : undefined} value={wave.size} onChange={(v) => change({ size: number(v) })} w={90} /></td>
      <td><Select aria-label={`Unit of wave ${n}`} data={[{ value: 'devices', label: 'devices' }, { value: 'percent', label: '% of all, reached' }]} value={wave.unit} onChange={(v) => change({ unit: (v as WaveDraft['unit']) ?? 'devices' })} allowDeselect={false} w={150} /></td>
      <td><NumberInput aria-label={`Success wanted of wave ${n}`} min={0} max={100} suffix=" %" value={wave.threshold} onChange={(v) => change({ threshold: number(v) })} w={90} /></td>
      <td><NumberInput aria-label={`Minutes to wait after wave ${n}`} min={0} suffix=" min" value={wave.soak} onChange={(v) => change({ soak: number(v) })} w={100} /></td>
      <td><Checkbox aria-label={`Somebody else must approve what follows wave ${n}`} checked={wave.approval} onChange={(e) => change({ approval: e.currentTarget.checked })} /></td>
      <td><ActionIcon variant="subtle" color="gray" aria-label={`Remove wave ${n}`} onClick={remove}><IconTrash size={15} /></ActionIcon></td>
    </tr>
  );
}

function WaveTable({ draft, set }: Props) {
  const waves = draft.waves;
  const change = (i: number, c: Partial<WaveDraft>) => set({ waves: waves.map((w, k) => (k === i ? { ...w, ...c } : w)) });
  return (
    <>
      <div className={classes.scroll}>
        <table className={classes.waves}>
          <thead>
            <tr>
              <th scope="col">Wave</th>
              <th scope="col" colSpan={2}>Size</th>
              <th scope="col">Must succeed</th>
              <th scope="col">Then wait</th>
              <th scope="col">Then approval</th>
              <th scope="col"><span className={classes.hidden}>Remove</span></th>
            </tr>
          </thead>
          <tbody>
            {waves.map((w, i) => (
              <Wave key={i} n={i + 1} wave={w} change={(c) => change(i, c)} remove={() => set({ waves: waves.filter((_, k) => k !== i) })} />
            ))}
            <tr>
              <th scope="row">{waves.length + 1}</th>
              <td colSpan={6} className="soft">all that remain</td>
            </tr>
          </tbody>
        </table>
      </div>
      <Button variant="default" leftSection={<IconPlus size={14} />} onClick={() => set({ waves: [...waves, { size: 50, unit: 'percent', threshold: 95, soak: 60, approval: false }] })}>Add a wave</Button>
    </>
  );
}

/** In which steps, when, and what pauses it. */
export function Waves({ draft, set }: Props) {
  return (
    <>
      <Part title="Waves">
        <WaveTable draft={draft} set={set} />
      </Part>
      <div className={classes.columns}>
        <Part title="It pauses by itself">
          <div className={classes.form}>
            <NumberInput label="After so many failures" min={1} value={draft.failures} onChange={(v) => set({ failures: number(v) })} />
            <NumberInput label="if they are so much of what has ended" suffix=" %" min={0} max={100} value={draft.percent} onChange={(v) => set({ percent: number(v) })} />
            <NumberInput label="Devices at once, at most" min={1} value={draft.inFlight} onChange={(v) => set({ inFlight: number(v) })} />
            <Checkbox label="Somebody else must approve the start" checked={draft.approval} onChange={(e) => set({ approval: e.currentTarget.checked })} />
          </div>
        </Part>
        <Part title="When">
          <div className={classes.form}>
            <Checkbox label="Load only within a window" checked={draft.windowed} onChange={(e) => set({ windowed: e.currentTarget.checked })} />
            {draft.windowed && (
              <>
                <div className={classes.pair}>
                  <TextInput label="From" type="time" value={draft.from} onChange={(e) => set({ from: e.currentTarget.value })} />
                  <TextInput label="To" type="time" value={draft.to} onChange={(e) => set({ to: e.currentTarget.value })} />
                </div>
                <Chip.Group multiple value={draft.days} onChange={(v) => set({ days: days.filter((d) => v.includes(d)) })}>
                  <div className={classes.pair} role="group" aria-label="Days">
                    {days.map((d) => <Chip key={d} value={d} size="xs">{d}</Chip>)}
                  </div>
                </Chip.Group>
                <TextInput label="Zone of devices that have no label timezone" value={draft.zone} onChange={(e) => set({ zone: e.currentTarget.value })} />
              </>
            )}
            {!draft.windowed && <span className="soft">At any time, as soon as it starts. Loading restarts a device.</span>}
          </div>
        </Part>
      </div>
    </>
  );
}
