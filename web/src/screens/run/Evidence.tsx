import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schema } from '../../api/client';
import { count, many, octets, span } from '../../lib/format';
import { legible } from '../../lib/snmp';
import { Mark } from '../../ui/Mark';
import { Empty, Loaded, Part } from '../../ui/Page';
import { When } from '../../ui/When';
import classes from './Evidence.module.css';

type Action = Schema<'StoreEvidence'>;
type Exchange = Schema<'StoreSNMPExchange'>;
type Transfer = Schema<'StoreFileTransfer'>;

const meaning: Record<string, string> = { read: 'looks', perform: 'orders and waits', probe: 'finds out what became of it', resume: 'takes up again' };

function Said({ exchange: x }: { exchange: Exchange }) {
  const set = x.kind === 'set';
  return (
    <div className={classes.lines}>
      {(set || !x.heard?.length ? (x.asked ?? []) : x.heard).map((line, i) => (
        <div key={i} className="mono wrap">{legible(line)}</div>
      ))}
      {x.error && <Mark state={{ tone: 'bad', shape: 'cross', word: x.error }} />}
    </div>
  );
}

function Exchanges({ of, left }: { of: Exchange[]; left: number }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col" className={classes.at}>Time</th>
          <th scope="col" className={classes.kind}>SNMP</th>
          <th scope="col">Said and heard</th>
          <th scope="col" className={`number ${classes.took}`}>Took</th>
        </tr>
      </thead>
      <tbody>
        {of.map((x, i) => (
          <tr key={i}>
            <td><When at={x.at} exact /></td>
            <td><b>{x.kind}</b>{x.times && x.times > 1 ? <span className="soft"> × {count(x.times)}</span> : null}</td>
            <td><Said exchange={x} /></td>
            <td className="number nowrap">{x.millis.toFixed(1)} ms</td>
          </tr>
        ))}
        {left > 0 && <tr><td colSpan={4} className="soft">{many(left, 'exchange')} more were not kept</td></tr>}
      </tbody>
    </table>
  );
}

function Transfers({ of }: { of: Transfer[] }) {
  return (
    <ul className={classes.transfers}>
      {of.map((t, i) => (
        <li key={i}>
          <Mark state={t.error ? { tone: 'bad', shape: 'cross', word: 'broke off' } : { tone: 'good', shape: 'check', word: 'transferred' }} />
          <b>{t.role}</b>
          <span>{octets(t.octets)} by {t.protocol}{t.peer && ` with ${t.peer}`} in {span(t.millis)}{t.octetsPerSecond ? `, ${octets(t.octetsPerSecond)}/s` : ''}</span>
          <span className="soft">
            {[t.attempts > 1 && many(t.attempts, 'attempt'), t.packets && many(t.packets, 'packet'), t.resent && `${count(t.resent)} sent again`, t.duplicates && many(t.duplicates, 'duplicate')].filter(Boolean).join(', ')}
          </span>
          {t.error && <span className="wrap">{t.error}</span>}
          {t.sha256 && <span className={`mono soft ${classes.sum}`}>sha256:{t.sha256}</span>}
        </li>
      ))}
    </ul>
  );
}

function One({ action: a, open }: { action: Action; open: boolean }) {
  const exchanges = a.exchanges ?? [];
  const failed = exchanges.some((x) => x.error) || (a.transfers ?? []).some((t) => t.error);
  const took = new Date(a.ended).getTime() - new Date(a.began).getTime();
  return (
    <details className={classes.action} open={open}>
      <summary>
        <b>{a.op}</b> <span className="soft">{meaning[a.kind] ?? a.kind}{a.part > 1 && `, part ${a.part}`}</span>
        {failed && <Mark state={{ tone: 'bad', shape: 'warn', word: 'with errors' }} />}
        <span className={`soft tnum ${classes.sum}`}>
          {many(exchanges.reduce((n, x) => n + (x.times || 1), 0), 'exchange')}
          {(a.transfers ?? []).length > 0 && `, ${many((a.transfers ?? []).length, 'file')}`}, {span(took)}
        </span>
      </summary>
      {(a.transfers ?? []).length > 0 && <Transfers of={a.transfers ?? []} />}
      <div className={classes.scroll} tabIndex={0} role="region" aria-label={`SNMP of ${a.op}`}><Exchanges of={exchanges} left={a.left ?? 0} /></div>
    </details>
  );
}

/** What was said to and heard from the device, and how files moved; secrets are masked. */
export function EvidenceTab({ run, seq }: { run: string; seq: number }) {
  const evidence = useQuery({ queryKey: ['evidence', run, seq], queryFn: () => ask(api.GET('/api/v1/runs/{id}/evidence', { params: { path: { id: run } } })), placeholderData: (before) => before });
  return (
    <Loaded query={evidence}>
      {(all) => (
        <Part flush>
          {(all ?? []).length === 0 && <Empty title="Nothing was said yet">Each SNMP request with its answer and each file transfer is kept here. Secrets are masked.</Empty>}
          {(all ?? []).map((a) => <One key={`${a.token}.${a.part}`} action={a} open={(a.transfers ?? []).length > 0 && a.op === 'update'} />)}
        </Part>
      )}
    </Loaded>
  );
}
