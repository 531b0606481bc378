import '@mantine/core/styles.css';
import './base.css';
import { MantineProvider } from '@mantine/core';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { Problem } from './api/client';
import { takeToken, takeWanted } from './api/session';
import { theme } from './theme';
import { Notices, notice } from './ui/Notices';

const nonce = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? '';
setNonce(nonce);
takeToken();
takeWanted();

const lost = (e: unknown): boolean => e instanceof Problem && e.status === 401;

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (e, q) => {
      if (lost(e) && q.queryKey[0] !== 'me') void queries.invalidateQueries({ queryKey: ['me'] });
    },
  }),
  mutationCache: new MutationCache({
    onError: (e, _v, _c, m) => {
      if (!m.meta?.quiet) notice(e);
    },
  }),
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (n, e) => n < 2 && e instanceof Problem && (e.status === 0 || e.status >= 500 || e.status === 429) },
  },
});

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <App />
        <Notices />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
