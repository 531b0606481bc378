import { useQuery } from '@tanstack/react-query';
import { useId } from '../lib/search';
import { api, ask } from '../api/client';
import { useCounts } from '../api/hooks';
import { many } from '../lib/format';
import { operationMeaning } from '../lib/words';
import { Mark } from '../ui/Mark';
import { Facts, Loaded, Page, Part } from '../ui/Page';
import { To } from '../ui/To';
import { Able } from './Drivers';
import classes from './Run.module.css';

export default function Driver() {
  const name = useId();
  const driver = useQuery({ queryKey: ['driver', name], queryFn: () => ask(api.GET('/api/v1/drivers/{name}', { params: { path: { name } } })) });
  const counts = useCounts({ driver: name });
  const n = (counts.data?.devices ?? []).reduce((sum, g) => sum + g.devices, 0);
  return (
    <Loaded query={driver}>
      {(d) => (
        <Page title={d.name} beside={<Able driver={d} />}>
          <Part>
            <Facts of={[['Family', d.description], ['Transfers', (d.protocols ?? []).join(', ')], ['Devices', <To key="n" to={`/devices?driver=${encodeURIComponent(d.name)}`}>{many(n, 'device')}</To>]]} />
          </Part>
          <Part title="What it can do by SNMP" flush>
            <ul className={classes.backups}>
              {(d.operations ?? []).map((op) => (
                <li key={op}>
                  <span className={classes.word}><Mark state={{ tone: 'good', shape: 'check', word: op }} /></span>
                  <span className="soft">{operationMeaning[op]}</span>
                </li>
              ))}
              {Object.entries(d.cannot ?? {}).map(([op, why]) => (
                <li key={op}>
                  <span className={classes.word}><Mark state={{ tone: 'idle', shape: 'ban', word: op }} /></span>
                  <span className="soft">{why}</span>
                </li>
              ))}
            </ul>
          </Part>
        </Page>
      )}
    </Loaded>
  );
}
