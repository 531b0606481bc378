import { ActionIcon, Burger, Drawer, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArchive, IconArrowsExchange, IconCpu, IconHelpHexagon, IconHistory, IconLayoutDashboard, IconLogout, IconMoon, IconPackage, IconPlayerPlay, IconRouter, IconSettings, IconShip, IconSun, IconUser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { api, ask, type Me } from '../api/client';
import { useLive } from '../api/live';
import { forgetToken } from '../api/session';
import classes from './Shell.module.css';

const places: [string, string, typeof IconRouter, string?][] = [
  ['/', 'Overview', IconLayoutDashboard],
  ['/questions', 'Questions', IconHelpHexagon],
  ['/campaigns', 'Campaigns', IconShip],
  ['/runs', 'Runs', IconPlayerPlay],
  ['/devices', 'Devices', IconRouter],
  ['/releases', 'Releases', IconPackage],
  ['/backups', 'Backups', IconArchive],
  ['/drivers', 'Drivers', IconCpu],
  ['/migrations', 'Migrations', IconArrowsExchange],
  ['/audit', 'Audit', IconHistory, 'administer'],
  ['/settings', 'Settings', IconSettings],
];

function Places({ me, onGo }: { me: Me; onGo?: () => void }) {
  const [path] = useLocation();
  const questions = useQuery({ queryKey: ['questions', false], queryFn: () => ask(api.GET('/api/v1/questions')) });
  const open = questions.data?.length ?? 0;
  const mine = places.filter(([, , , need]) => !need || me.permissions?.includes(need));
  return (
    <nav aria-label="Screens" className={classes.places}>
      {mine.map(([to, name, Icon]) => {
        const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
        return (
          <Link key={to} href={to} className={classes.place} aria-current={here ? 'page' : undefined} onClick={onGo}>
            <Icon size={17} stroke={1.7} aria-hidden />
            <span>{name}</span>
            {to === '/questions' && open > 0 && (
              <span className={classes.badge} aria-label={`${open} open`}>
                {open}
              </span>
            )}
          </Link>
        );
      })}
    </nav>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  const label = dark ? 'Light colours' : 'Dark colours';
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
        {dark ? <IconSun size={17} /> : <IconMoon size={17} />}
      </ActionIcon>
    </Tooltip>
  );
}

async function leave() {
  try {
    await ask(api.POST('/api/v1/logout'));
  } finally {
    forgetToken();
    location.assign('/');
  }
}

function Who({ me }: { me: Me }) {
  const name = me.kind === 'bootstrap' ? 'first token' : me.name;
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <button type="button" className={classes.who}>
          <IconUser size={16} aria-hidden />
          <span className="clip">{name}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{(me.grants ?? []).map((g) => g.role).join(', ') || me.kind}</Menu.Label>
        <Menu.Item component={Link} href="/settings" leftSection={<IconSettings size={15} />}>
          Settings
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void leave()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Foot({ me, live }: { me: Me; live: boolean }) {
  return (
    <div className={classes.foot}>
      <Who me={me} />
      <Tooltip label={live ? 'Changes are shown as they happen' : 'The stream of changes is cut; it is tried again'}>
        <span className={classes.live} data-live={live || undefined} role="status">
          {live ? 'live' : 'offline'}
        </span>
      </Tooltip>
      <Scheme />
    </div>
  );
}

const Brand = () => (
  <Link href="/" className={classes.brand}>
    <img src="/icon.svg" alt="" width={22} height={22} /> drydock
  </Link>
);

/** What surrounds every screen. */
export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const live = useLive();
  const [menu, { toggle, close }] = useDisclosure();
  return (
    <div className={classes.shell}>
      <a href="#content" className="skip">
        Skip to the content
      </a>
      <aside className={classes.side}>
        <Brand />
        <Places me={me} />
        <Foot me={me} live={live} />
      </aside>
      <div className={classes.top}>
        <Burger opened={menu} onClick={toggle} size="sm" aria-label="Screens" />
        <Brand />
      </div>
      <Drawer opened={menu} onClose={close} size={240} title="drydock" padding="sm">
        <Places me={me} onGo={close} />
        <Foot me={me} live={live} />
      </Drawer>
      <main id="content" className={classes.main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
