// csv - Go's encoding/csv over a file or the service's download.
//
//	csv JOB URL_OR_FILE      JOB: csv_down: a URL; any other: a file
package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "csv:", err)
		os.Exit(1)
	}
}

func open(job, from string) io.ReadCloser {
	if job != "csv_down" {
		file, err := os.Open(from)
		check(err)
		return file
	}
	request, err := http.NewRequest("GET", from+"/v2/developers/identities", nil)
	check(err)
	request.Header.Set("x-api-key", "bench-key")
	request.Header.Set("Accept", "text/csv")
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	response, err := client.Do(request)
	check(err)
	return response.Body
}

func main() {
	body := open(os.Args[1], os.Args[2])
	defer body.Close()
	reader := csv.NewReader(bufio.NewReaderSize(body, 1<<16))
	reader.ReuseRecord = true
	_, err := reader.Read() // the header
	check(err)
	rows, sum := 0, 0
	for {
		row, err := reader.Read()
		if err == io.EOF {
			break
		}
		check(err)
		rows++
		sum += len(row[0]) + len(row[1]) + len(row[2])
	}
	fmt.Printf("records %d sum %d\n", rows, sum)
}
