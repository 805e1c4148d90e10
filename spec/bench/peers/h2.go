// h2 - the page server's lists over TLS and HTTP/2, for clients that offer it.
//
//	h2 PORT CA_FILE     PORT: the page server's
//
// Prints the port of 127.0.0.1 where it listens, writes its certificate to
// CA_FILE, and ends when its standard input closes. A page is fetched from the
// page server once and kept; its latency is waited here, by nobody else.
package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type pages struct {
	backend string
	mutex   sync.Mutex
	kept    map[string][]byte
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "h2:", err)
		os.Exit(1)
	}
}

func (p *pages) get(path string, body []byte) []byte {
	key := path + "\x00" + string(body)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if page, ok := p.kept[key]; ok {
		return page
	}
	reply, err := http.Post(p.backend+path, "application/json", bytes.NewReader(body))
	check(err)
	page, err := io.ReadAll(reply.Body)
	check(err)
	check(reply.Body.Close())
	p.kept[key] = page
	return page
}

// A path begins with the latency of its reply in milliseconds.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(r.URL.Path, "/", 3)
	latency, err := strconv.Atoi(parts[1])
	body, problem := io.ReadAll(r.Body)
	if err != nil || problem != nil || r.ProtoMajor != 2 || len(parts) < 3 {
		http.Error(w, "a path with a latency, over HTTP/2, is expected", http.StatusBadRequest)
		return
	}
	page := p.get("/0/"+parts[2], body)
	time.Sleep(time.Duration(latency) * time.Millisecond)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page)
}

func main() {
	server := httptest.NewUnstartedServer(&pages{backend: "http://127.0.0.1:" + os.Args[1],
		kept: map[string][]byte{}})
	server.EnableHTTP2 = true
	server.StartTLS()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: server.Certificate().Raw})
	check(os.WriteFile(os.Args[2], certificate, 0o600))
	fmt.Println(server.URL[strings.LastIndex(server.URL, ":")+1:])
	_, _ = io.Copy(io.Discard, os.Stdin)
}
