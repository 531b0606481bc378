package tftp

import (
	"context"
	"errors"
	"net/netip"

	"drydock/internal/transfer"
)

// request handles a packet to the listening port. Only a well-formed request
// with a grant that fits is ever answered.
func (s *Server) request(ctx context.Context, entry *loop, p []byte, from *address) {
	req, err := parseRequest(p)
	if err != nil && req.name == "" {
		s.malformed.Add(1)
		return
	}
	peer := from.peer()
	dir := transfer.Download
	if req.write {
		dir = transfer.Upload
	}
	g, lookErr := s.reg.Lookup(transfer.TFTP, dir, req.name, peer.Addr())
	if lookErr != nil {
		return
	}
	to := from.reply()
	refuse := func(code uint16, msg string) {
		s.log.Info("tftp request refused", "grant", g.Name(), "peer", peer, "err", msg)
		entry.sock.sendSmall(&to, appendERROR(nil, code, msg))
	}
	switch {
	case err != nil:
		refuse(errOption, err.Error())
	case req.mode != "octet":
		refuse(errUndefined, "mode refused: use octet, the others change bytes")
	default:
		s.accept(ctx, g, req, peer, to, refuse)
	}
}

func (s *Server) accept(ctx context.Context, g *transfer.Grant, req request, peer netip.AddrPort, to address, refuse func(uint16, string)) {
	if t := s.liveOf(g); t != nil {
		s.again(t, peer)
		return
	}
	lim := limits{blksize: s.cfg.MaxBlksize, window: s.cfg.MaxWindow}
	for _, cap := range []int{g.Spec.TFTP.MaxBlksize, g.BlksizeHint()} {
		if cap > 0 {
			lim.blksize = min(lim.blksize, cap)
		}
	}
	var size int64
	if g.Spec.Direction == transfer.Download {
		size = g.Spec.Source.Size()
	}
	terms := negotiate(req.options, lim, req.write, size)
	if req.write && terms.tsize > g.Spec.MaxBytes {
		refuse(errDiskFull, "the announced tsize is more than the grant allows")
		return
	}
	a, err := g.Begin(transfer.TFTP, peer)
	if err != nil { // silence: the device asks again by itself
		if !errors.Is(err, transfer.ErrBusy) {
			s.log.Info("tftp request not begun", "grant", g.Name(), "peer", peer, "err", err)
		}
		return
	}
	t := newSession(s, g, a, terms, peer, to)
	s.setLive(g, t)
	if err := s.place(ctx, t); err != nil {
		s.endLive(t)
		a.Fail(err)
	}
}

// place gives the session to a loop. An upload's temporary object is made off
// the loops first, because that may wait.
func (s *Server) place(ctx context.Context, t *session) error {
	l, err := s.pick(ctx)
	if err != nil {
		return err
	}
	t.l = l
	if t.grant.Spec.Direction == transfer.Download {
		l.post(func(now int64) { l.adopt(t, now) })
		return nil
	}
	s.wg.Go(func() {
		err := t.att.Open(ctx)
		l.post(func(now int64) {
			l.adopt(t, now)
			if err != nil {
				t.fail(now, errDiskFull, "cannot take the file now", err)
			}
		})
	})
	return nil
}

// again handles a request for a grant whose transfer lives. From the same port
// it is the same request once more (RELIABILITY.md F14). From another port the
// device has begun anew: the old transfer is given up once nothing was heard of
// it for a while, and the device's next request finds the grant free.
func (s *Server) again(t *session, peer netip.AddrPort) {
	s.repeated.Add(1)
	if peer == t.key || t.l == nil {
		return
	}
	if int64(s.now())-t.heardAt.Load() < int64(supersedeAfter) {
		return
	}
	t.l.post(func(now int64) {
		if !t.over() && t.phase != phaseCommit {
			s.superseded.Add(1)
			t.end(now, errSuperseded)
		}
	})
}
