// upload - Go doing what patch_identities does: rows to JSON, in batches.
//
//	upload JOB URL BATCH ROWS FILE     JOB: make_rows, upload_rows, upload_file
//
// make_rows only makes them: what upload_rows takes beyond it is the upload.
package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

type row struct {
	Email         string `json:"email"`
	IntegrationID int    `json:"integrationId"`
	Identity      string `json:"identity"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "upload:", err)
		os.Exit(1)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	check(err)
	return n
}

func makeRows(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{fmt.Sprintf("user%d@corp.example.com", i+1), 5000 + i%400,
			fmt.Sprintf("712020:cloud-%d", i+1)}
	}
	return rows
}

type sender struct {
	client *http.Client
	url    string
	body   bytes.Buffer
}

func (s *sender) send(rows []row) {
	if len(rows) == 0 {
		return
	}
	s.body.Reset()
	check(json.NewEncoder(&s.body).Encode(rows))
	request, err := http.NewRequest("PATCH", s.url, bytes.NewReader(s.body.Bytes()))
	check(err)
	request.Header.Set("x-api-key", "bench-key")
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	check(err)
	var reply struct {
		Status string `json:"status"`
	}
	check(json.NewDecoder(response.Body).Decode(&reply))
	_, err = io.Copy(io.Discard, response.Body)
	check(err)
	response.Body.Close()
	if reply.Status != "success" {
		check(fmt.Errorf("status %q", reply.Status))
	}
}

func (s *sender) sendFile(path string, batch int) {
	file, err := os.Open(path)
	check(err)
	defer file.Close()
	reader := csv.NewReader(file)
	reader.ReuseRecord = true
	_, err = reader.Read()
	check(err)
	rows := make([]row, 0, batch)
	for {
		r, err := reader.Read()
		if err == io.EOF {
			break
		}
		check(err)
		rows = append(rows, row{r[0], number(r[1]), r[2]})
		if len(rows) == batch {
			s.send(rows)
			rows = rows[:0]
		}
	}
	s.send(rows)
}

func main() {
	job, batch := os.Args[1], number(os.Args[3])
	s := &sender{client: &http.Client{}, url: os.Args[2] + "/v2/developers/identities"}
	if job == "upload_file" {
		s.sendFile(os.Args[5], batch)
		return
	}
	rows := makeRows(number(os.Args[4]))
	for from := 0; job == "upload_rows" && from < len(rows); from += batch {
		to := from + batch
		if to > len(rows) {
			to = len(rows)
		}
		s.send(rows[from:to])
	}
}
