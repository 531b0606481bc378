import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { Problem } from './api/client';
import { useMe } from './ui/May';
import { Empty, Failed, Loading, Page } from './ui/Page';
import { Shell } from './ui/Shell';
import { To } from './ui/To';

const Login = lazy(() => import('./screens/Login'));

const screens: [string, ReturnType<typeof lazy>][] = [
  ['/', lazy(() => import('./screens/Overview'))],
  ['/questions/:id?', lazy(() => import('./screens/Questions'))],
  ['/devices', lazy(() => import('./screens/Devices'))],
  ['/devices/:id', lazy(() => import('./screens/Device'))],
  ['/enrolments', lazy(() => import('./screens/Enrolments'))],
  ['/runs', lazy(() => import('./screens/Runs'))],
  ['/runs/:id', lazy(() => import('./screens/Run'))],
  ['/campaigns', lazy(() => import('./screens/Campaigns'))],
  ['/campaigns/new', lazy(() => import('./screens/NewCampaign'))],
  ['/campaigns/:id', lazy(() => import('./screens/Campaign'))],
  ['/releases', lazy(() => import('./screens/Releases'))],
  ['/releases/:id', lazy(() => import('./screens/Release'))],
  ['/drivers', lazy(() => import('./screens/Drivers'))],
  ['/drivers/:name', lazy(() => import('./screens/Driver'))],
  ['/migrations', lazy(() => import('./screens/Migrations'))],
  ['/migrations/:name', lazy(() => import('./screens/Migration'))],
  ['/audit', lazy(() => import('./screens/Audit'))],
  ['/settings', lazy(() => import('./screens/Settings'))],
  ['/backups', lazy(() => import('./screens/Backups'))],
  ['/backups/:id', lazy(() => import('./screens/Backup'))],
  ['/compare', lazy(() => import('./screens/Compare'))],
];

function Nowhere() {
  return (
    <Page title="Not found">
      <Empty title="There is no such screen">
        <To to="/">Go to the overview</To>
      </Empty>
    </Page>
  );
}

/** Everything: who is not known logs in first. */
export function App() {
  const me = useMe();
  if (me.error instanceof Problem && me.error.status === 401) {
    return (
      <Suspense fallback={<Loading />}>
        <Login />
      </Suspense>
    );
  }
  if (me.error && !me.data) return <Failed error={me.error} retry={() => void me.refetch()} />;
  if (!me.data) return <Loading />;
  return (
    <Shell me={me.data}>
      <Suspense fallback={<Loading />}>
        <Switch>
          {screens.map(([path, Screen]) => (
            <Route key={path} path={path}>
              <Screen />
            </Route>
          ))}
          <Route>
            <Nowhere />
          </Route>
        </Switch>
      </Suspense>
    </Shell>
  );
}
