// The ceiling of a filter in Go: pulls COUNT messages of a durable consumer and acks each, no more.
//
//	pull_and_ack URL STREAM DURABLE COUNT
//
// Prints seconds and own CPU seconds.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

const batch = 5000

func cpuSeconds() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func measure(url, stream, durable string, count int) error {
	connection, err := nats.Connect(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	const inbox = "_INBOX.bench"
	messages, err := connection.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	if err := messages.SetPendingLimits(-1, -1); err != nil {
		return err
	}
	pull := "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + durable
	wish := []byte(fmt.Sprintf(`{"batch":%d,"expires":60000000000}`, batch))
	ack := []byte("+ACK")
	used, began := cpuSeconds(), time.Now()
	// The next batch is asked for before the last one is through, so that the server never waits.
	for i := 0; i < 2; i++ {
		if err := connection.PublishRequest(pull, inbox, wish); err != nil {
			return err
		}
	}
	for pulled := 1; pulled <= count; pulled++ {
		message, err := messages.NextMsg(time.Minute)
		if err != nil {
			return err
		}
		if message.Reply == "" {
			return fmt.Errorf("the pull ended: %s", message.Header.Get("Description"))
		}
		if err := connection.Publish(message.Reply, ack); err != nil {
			return err
		}
		if pulled%batch == 0 {
			if err := connection.PublishRequest(pull, inbox, wish); err != nil {
				return err
			}
		}
	}
	if err := connection.Flush(); err != nil {
		return err
	}
	fmt.Println(time.Since(began).Seconds(), cpuSeconds()-used)
	return nil
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: pull_and_ack URL STREAM DURABLE COUNT")
	}
	count, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	if err := measure(os.Args[1], os.Args[2], os.Args[3], count); err != nil {
		log.Fatal(err)
	}
}
