import { Button, PasswordInput, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { api, ask } from '../api/client';
import { forgetToken, keepToken, keepWanted } from '../api/session';
import { Failed, Loaded } from '../ui/Page';
import classes from './Login.module.css';

interface FormProps {
  title: string;
  about: ReactNode;
  submit: () => Promise<unknown>;
  word: string;
  children: ReactNode;
}

function Form({ title, about, submit, word, children }: FormProps) {
  const queries = useQueryClient();
  const enter = useMutation({ mutationFn: submit, meta: { quiet: true }, onSuccess: () => queries.invalidateQueries() });
  const onSubmit = (e: FormEvent) => {
    e.preventDefault();
    enter.mutate();
  };
  return (
    <form onSubmit={onSubmit} className={classes.form}>
      <Title order={1}>{title}</Title>
      <div className="soft">{about}</div>
      {children}
      {enter.error && <Failed error={enter.error} />}
      <Button type="submit" size="sm" loading={enter.isPending}>
        {word}
      </Button>
    </form>
  );
}

function First() {
  const [token, setToken] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = () => ask(api.POST('/api/v1/setup', { body: { token: token.trim(), name, password } }));
  return (
    <Form title="Welcome to drydock" word="Make the first user" submit={submit} about="There is no user yet. The first one is an administrator. The token shows that you may: it is the text of the file token in the server's data directory.">
      <PasswordInput label="Token of the data directory" required value={token} onChange={(e) => setToken(e.currentTarget.value)} autoComplete="off" />
      <TextInput size="sm" label="Your name" required value={name} onChange={(e) => setName(e.currentTarget.value)} autoComplete="username" />
      <PasswordInput label="Password" description="12 characters or more" required value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="new-password" />
    </Form>
  );
}

function Enter() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  return (
    <Form title="Log in" word="Log in" about="drydock updates equipment and carries its configuration through." submit={() => { forgetToken(); return ask(api.POST('/api/v1/login', { body: { name, password } })); }}>
      <TextInput size="sm" label="Name" required value={name} onChange={(e) => setName(e.currentTarget.value)} autoComplete="username" />
      <PasswordInput label="Password" required value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" />
    </Form>
  );
}

function ByToken() {
  const [text, setText] = useState('');
  const submit = () => {
    keepToken(text.trim());
    return ask(api.GET('/api/v1/me'));
  };
  return (
    <Form title="Come in with a token" word="Come in" about="An API token, or the text of the file token in the server's data directory. It is forgotten when this tab is closed." submit={submit}>
      <PasswordInput label="Token" required value={text} onChange={(e) => setText(e.currentTarget.value)} autoComplete="off" />
    </Form>
  );
}

/** The way in: the first user, name and password, the organisation's provider, or a token. */
export default function Login() {
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => ask(api.GET('/api/v1/setup')) });
  const [token, setToken] = useState(false);
  return (
    <main className={classes.main}>
      <div className={`sheet ${classes.card}`}>
        <div className={classes.brand}>
          <img src="/icon.svg" alt="" width={26} height={26} /> drydock
        </div>
        <Loaded query={setup}>
          {(s) => (
            <>
              {token ? <ByToken /> : s.needed ? <First /> : <Enter />}
              {s.oidc && (
                <Button component="a" href={s.oidc} onClick={keepWanted} variant="default" size="sm" fullWidth mt="sm">
                  Log in at your organisation
                </Button>
              )}
              <Button variant="subtle" mt="sm" fullWidth onClick={() => setToken(!token)}>
                {token ? 'Back' : 'Come in with a token'}
              </Button>
            </>
          )}
        </Loaded>
      </div>
    </main>
  );
}
